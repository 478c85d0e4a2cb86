"""The page routers under /."""

from fastapi import APIRouter

router = APIRouter()
